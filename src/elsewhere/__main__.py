"""__main__: `python -m elsewhere`, which needs no installed script."""

from elsewhere.cli import main

if __name__ == "__main__":
    main()
