"""The general kind: a rule that is YAML alone; one message a subject, to one reader or to a role."""
