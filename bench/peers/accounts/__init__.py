"""The Django application of django_writer.py: one model."""
