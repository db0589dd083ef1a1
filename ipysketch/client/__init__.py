"""One client in one room, on the loop thread: connection, replica, session."""
