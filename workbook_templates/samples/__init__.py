"""Made-up inventories."""
