"""What people and programs do with the appliance: one use case a file, named by its verb."""
