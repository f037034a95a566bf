"""The course as a web site: chapters, reference, networks and glossary, by Sphinx."""
