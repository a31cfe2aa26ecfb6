"""Fixtures of the live session serve here, too."""

from tests.addin.live.conftest import libreoffice, sample

__all__ = ["libreoffice", "sample"]
