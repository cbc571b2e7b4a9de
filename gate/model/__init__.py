"""The nouns: plain typed data, without input or output."""
