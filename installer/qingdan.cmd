@echo off
"%~dp0python\python.exe" -B -X utf8 -m addin %*
