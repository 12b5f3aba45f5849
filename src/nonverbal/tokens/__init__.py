"""Face and body as tokens: VQ-VAE tokenizers, the methods they compete with, training, tables and metrics."""
