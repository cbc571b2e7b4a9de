"""Where policies come from beside the wheel: folders, archives, addresses, conftest."""
