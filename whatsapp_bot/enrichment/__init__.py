"""What a posting's own words tell beyond its fields: skills, seniority, pay and more."""
