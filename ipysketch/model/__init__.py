"""What a drawing is: elements, the document at a sequence number, its history. Pure."""
