"""Reports: from the events alone to the figures of queues and agents by interval."""
