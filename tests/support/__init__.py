"""What tests share: databases of their own, a small world to act in."""
