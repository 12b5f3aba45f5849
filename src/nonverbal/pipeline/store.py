"""The artefacts of stages on disk."""

from nonverbal.pipeline.codecs import JsonCodec

__all__ = ["JsonCodec"]
