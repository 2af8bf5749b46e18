"""What is to be made: places, orders and their wishes as a pure function of the plan, the split, the estimate."""
