-- one row per object of a JSON array or of JSON lines, as the text it is
select json from read_json_objects(getvariable('path'), format = 'auto', maximum_object_size = 67108864)
