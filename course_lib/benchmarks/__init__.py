"""Tables of ratios against other libraries; one file a group."""
