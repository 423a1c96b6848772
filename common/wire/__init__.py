"""What crosses a wire between rooms: messages, their versions, how they are signed."""
