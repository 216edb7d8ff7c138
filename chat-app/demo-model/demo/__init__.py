"""Generator, model and evaluation of the bundled demo model of flexgen-chat."""
