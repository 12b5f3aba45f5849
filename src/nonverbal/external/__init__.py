"""Estimators that live in environments of their own, asked through a subprocess protocol."""
