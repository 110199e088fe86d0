"""Tests of avow.files."""
