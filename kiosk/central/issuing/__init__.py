"""What a union's own app and back end order passes with: the issuing API."""
