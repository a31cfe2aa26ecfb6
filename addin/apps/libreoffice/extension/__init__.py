"""What the extension for LibreOffice is made of; `addin.apps.oxt` packs it."""
