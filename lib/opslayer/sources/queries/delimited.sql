-- one row per record of a delimited text file; every value is text, and empty text is NULL
select * from read_csv(
    $path, columns = $columns, all_varchar = true, auto_detect = false, header = true,
    delim = $delimiter, quote = '"', escape = '"', strict_mode = true, max_line_size = 16777216
)
