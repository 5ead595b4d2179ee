"""What differs between POSIX systems and Windows, each behind one face.

The modules `windows_...` take the system's libraries as arguments: tests on other systems give them
doubles. They have never run on Windows.
"""
