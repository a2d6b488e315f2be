// SPDX-License-Identifier: MIT
#pragma once

#include "acefs/principal/resolver.hpp"
#include "common/io.hpp"
#include "question.hpp"

namespace acefs::tool::acectl {

/// For people: each segment with its ACEs, then each need, then the verdict.
void print_text(const Answer& answer, Io& io, principal::Accounts& accounts);
/// The same as one line of JSON.
void print_json(const Answer& answer, Io& io);

}  // namespace acefs::tool::acectl
