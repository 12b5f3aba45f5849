"""Anny's body as an avatar: mesh, poses from arkit52 and smplx117, colours, pictures without any system GL."""
