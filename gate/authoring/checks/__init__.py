"""The checks of `gate policy lint`, one module for each group of them."""
