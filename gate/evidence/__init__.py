"""How things stand: one envelope for each kind of evidence and target."""
