"""An action as its host describes it in a form: the form, and how it is read."""
