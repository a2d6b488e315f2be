// SPDX-License-Identifier: MIT
#include "run.hpp"

int main(int argc, char** argv) {
  auto io = acefs::tool::Io::system();
  return acefs::tool::getace::run({argv + 1, argv + argc}, io);
}
