"""Fits the estimators of motion on rendered avatars whose truth is known; nothing here is needed to use them."""
