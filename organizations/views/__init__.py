"""What people see of organizations: founding one, its settings, invitations."""
