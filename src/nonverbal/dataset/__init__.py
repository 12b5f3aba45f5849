"""The dataset on disk: schema, writing, reading, checking, counting."""
