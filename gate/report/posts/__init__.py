"""Who is told beside the one who asked: a pull request, a runner."""
