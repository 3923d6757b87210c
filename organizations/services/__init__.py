"""What changes organizations, their teams, members and invitations."""
