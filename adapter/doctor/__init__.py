"""What an installation needs in order to work, checked one thing after the other.

Nothing is changed but what `--fix` asks for, and no stored process runs but for `--call`.
"""
