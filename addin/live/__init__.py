"""Findings while typing: a session beside a running spreadsheet application, which is read and never written."""
