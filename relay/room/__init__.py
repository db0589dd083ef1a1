"""One room: order, document, peers, permissions and what each peer has yet to be sent. Pure."""
