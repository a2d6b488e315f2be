// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace acefs::fuzz {

// Each feeds one parser, and ends the program when what must hold of every input does not hold (property.hpp).
void fuzz_config(std::string_view input);
void fuzz_dump_file(std::string_view input);
void fuzz_entry_text(std::string_view input);
void fuzz_grant_positional(std::string_view input);
void fuzz_grant_value(std::string_view input);
void fuzz_json_lines(std::string_view input);
void fuzz_key(std::string_view input);
void fuzz_nfs4_write(std::string_view input);
void fuzz_proc_status(std::string_view input);
void fuzz_side_map(std::string_view input);
void fuzz_side_path(std::string_view input);
void fuzz_xdr(std::string_view input);

}  // namespace acefs::fuzz
