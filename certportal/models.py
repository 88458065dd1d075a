"""No models here; Django emits post_migrate only for apps that have this module."""
