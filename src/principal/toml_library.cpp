// SPDX-License-Identifier: MIT
#define TOML_IMPLEMENTATION
#include "toml_library.hpp"
