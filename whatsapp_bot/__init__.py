"""Finds people the jobs that fit them, and keeps every vector behind that true.

    doors      scheduler_service  embedding_health_check  import_jobs  import_users
               match  models  batches  people_waiting  migrate  example   (what can be run)
    wiring     bootstrap  door
               scheduling   what the daemon does, and when
               alerts       new jobs -> the people whom they suit -> digests
               bot          a message of a person -> what is answered
    rooms      whatsapp     what Meta brings -> inbox -> answers -> outbox -> Meta
               intake       what people and feeds send -> saved rows
               matching     vectors and words -> ranked jobs, with reasons
               embeddings   text -> vector -> row
               database     rows <-> records; the only room with SQL
    ground     records  errors  config  logger

Imports point down only.
"""
