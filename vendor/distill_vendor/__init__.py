"""Networks of other projects, written anew so that they load the published weights.

Each package names the upstream commit it is compatible with and has the licence beside it.
"""
