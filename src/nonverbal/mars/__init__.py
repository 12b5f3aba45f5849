"""MARS: one autoregressive transformer over interleaved text, face and body tokens."""
