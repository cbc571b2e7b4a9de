"""From blobs to resources: parsing, positions, pairing, services."""
