"""An organization, or all that is a person's, as one JSON document (docs/exports.md)."""
