(* DNC becomes arbitrarily bad as K grows, at every depth L >= 2. Classes are pairs (i, j) of vertices of two groups of r,
   features the indicator of the pair; T has r + 1 rows of signs, orthogonal columns that sum to zero. Neuron (a, b) has the
   signs of the rows a and b, so it is max (0, T a i + T b j) = (1 + T a i) (1 + T b j) / 2, and the read-out of the class
   (i, j) is 2 T a i T b j / (r + 1)^2. The cost is 8 K^2 (2 r)^(L - 1), K <= r^2, against K^(L + 1). *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Dufm Require Import Model Norm Targets Structure Wider.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(* Identities on the q dimensions of features B >= 0, then a read-out: a unit structure at every depth L >= 2. *)
Section Neck.
Variables (R : rcfType) (K q m d L : nat).
Notation sq := (@sqnorm R _ _).
Hypotheses (qd : (q <= d)%N) (md : (m <= d)%N).
Variables (B : 'M[R]_(q, K)) (W : 'M[R]_(m, q)) (U : 'M[R]_(K, m)).
Hypotheses (B0 : relu B = B) (head : U *m relu (W *m B) = 1%:M).

Definition neck_X : 'M[R]_(d, K) := pid_mx q *m B.
Definition neck_W l : 'M[R]_d := if l == L then pid_mx m *m W *m pid_mx q else pid_mx q.
Definition neck_V : 'M[R]_(K, d) := U *m pid_mx m.

Lemma neck_feature l : (l <= L)%N -> @feature R (fun=> d) K neck_W neck_X l = pid_mx q *m B.
Proof.
elim: l => //= l IH lL; rewrite IH ?(ltnW lL) // /neck_W ltn_eqF //.
by rewrite mulmxA mul_pid_mx minnn (minn_idPr qd) relu_pidl // B0.
Qed.
Lemma neck_unit : unit_structure (L := L.+2) (d := fun=> d) neck_X neck_W neck_V.
Proof.
change (neck_V *m relu (neck_W L *m @feature R (fun=> d) K neck_W neck_X L) = 1%:M).
rewrite neck_feature // /neck_W eqxx -!mulmxA [pid_mx q *m (pid_mx q *m _)]mulmxA pid_pid // mul1mx.
by rewrite relu_pidl // [pid_mx m *m (pid_mx m *m _)]mulmxA pid_pid // mul1mx head.
Qed.
Lemma neck_cost : cost (L := L.+2) (d := fun=> d) neck_X neck_W neck_V = sq B * (q%:R ^+ L * sq W) * sq U.
Proof.
rewrite /cost sq_pidl // sq_pidr // big_ord_recr /= {2}/neck_W eqxx sq_pidr // sq_pidl //.
rewrite (eq_bigr (fun=> q%:R)) => [|i _]; first by rewrite prodr_const card_ord.
by rewrite /neck_W ltn_eqF // sq_pid.
Qed.
End Neck.

(* Sylvester's matrices of signs: the first column is all ones, the columns are orthogonal. *)
Definition sylvester (R : rcfType) N := exists S : 'M[R]_N,
  [/\ forall a i, S a i ^+ 2 = 1, S^T *m S = N%:R%:M & forall a i, val i = 0%N -> S a i = 1].
Lemma sylvester_pow (R : rcfType) k : sylvester R (2 ^ k).
Proof.
elim: k => [|k [S [S2 SS S1]]].
  exists 1%:M; split=> [a i||a i _]; rewrite ?trmx1 ?mulmx1 // ?ord1 ?mxE ?ord1 ?eqxx ?expr1n //.
rewrite expnS mul2n -addnn; move: (2 ^ k)%N S S2 SS S1 => N S S2 SS S1.
exists (block_mx S S S (- S)); split=> [a i||a i i0].
- rewrite -(splitK a) -(splitK i); case: (split a) => a'; case: (split i) => i' /=;
  by rewrite ?block_mxEul ?block_mxEur ?block_mxEdl ?block_mxEdr // mxE sqrrN.
- rewrite tr_block_mx mulmx_block !(linearN, mulNmx, mulmxN) /= SS !opprK subrr.
  have -> : N%:R%:M + N%:R%:M = (N + N)%:R%:M :> 'M[R]_N by rewrite natrD raddfD.
  by rewrite [RHS]scalar_mx_block.
have [j E] : exists j : 'I_N, i = lshift N j.
  have iN : (i < N)%N by rewrite i0; case: N {S S2 SS S1} a i i0 => // [[]].
  by exists (Ordinal iN); apply: val_inj.
rewrite E -(splitK a); case: (split a) => a' /=; rewrite ?block_mxEul ?block_mxEdl S1 //; by rewrite E in i0.
Qed.

Section Signs.
Variables (R : rcfType) (r K : nat) (p q : 'I_K -> 'I_r).
Notation N := r.+1.
Notation sq := (@sqnorm R _ _).
Hypothesis inj : injective (fun k => (p k, q k)).
Variable S : 'M[R]_N.
Hypotheses (S2 : forall a i, S a i ^+ 2 = 1) (SS : S^T *m S = N%:R%:M) (S1 : forall a i, val i = 0%N -> S a i = 1).
Let T a (i : 'I_r) : R := S a (lift ord0 i).
Let dotT i j : \sum_a T a i * T a j = N%:R *+ (i == j).
Proof.
have := congr1 (fun M : 'M_N => M (lift ord0 i) (lift ord0 j)) SS; rewrite !mxE (inj_eq lift_inj) => <-.
by apply: eq_bigr => a _; rewrite mxE.
Qed.
Let sumT i : \sum_a T a i = 0.
Proof.
have E := congr1 (fun M : 'M_N => M ord0 (lift ord0 i)) SS; rewrite !mxE mulr0n in E; rewrite -[RHS]E.
by apply: eq_bigr => a _; rewrite mxE S1 // mul1r.
Qed.
Let shift i j : \sum_a T a i * (1 + T a j) = N%:R *+ (i == j).
Proof.
rewrite -dotT (eq_bigr (fun a => T a i + T a i * T a j)) => [|a _]; last by rewrite mulrDr mulr1.
by rewrite big_split /= sumT add0r.
Qed.

Notation neurons := {: 'I_N * 'I_N}.
Definition sign_B : 'M[R]_(r + r, K) :=
  col_mx (\matrix_(i, k) (i == p k)%:R) (\matrix_(i, k) (i == q k)%:R).
Definition sign_W : 'M[R]_(#|neurons|, r + r) :=
  row_mx (\matrix_(s, i) T (enum_val s).1 i) (\matrix_(s, i) T (enum_val s).2 i).
Definition sign_U : 'M[R]_(K, #|neurons|) :=
  \matrix_(k, s) (2 / N%:R ^+ 2 * (T (enum_val s).1 (p k) * T (enum_val s).2 (q k))).

Let pick_entry m (A : 'I_m -> 'I_r -> R) (f : 'I_K -> 'I_r) s k :
  ((\matrix_(s, i) A s i) *m (\matrix_(i, k) (i == f k)%:R : 'M_(r, K))) s k = A s (f k).
Proof.
rewrite mxE (bigD1 (f k)) //= !mxE eqxx mulr1 big1 ?addr0 // => i /negbTE h.
by rewrite !mxE h mulr0.
Qed.
Let relu_signs (a b : R) : a ^+ 2 = 1 -> b ^+ 2 = 1 -> Num.max 0 (a + b) = (1 + a) * (1 + b) / 2.
Proof.
have one (z : R) : z ^+ 2 = 1 -> z = 1 \/ z = -1.
  by move/eqP; rewrite sqrf_eq1 => /orP [] /eqP ->; [left | right].
move=> /one [] -> /one [] ->; rewrite ?subrr ?addNr ?(mul0r, mulr0) ?maxxx //.
- by rewrite max_r ?addr_ge0 ?ler01 // -[1 + 1]/(2%:R) mulfK ?pnatr_eq0.
- by rewrite max_l // -opprD oppr_le0 addr_ge0 ?ler01.
Qed.

Lemma sign_head : sign_U *m relu (sign_W *m sign_B) = 1%:M.
Proof.
have n0 : N%:R != 0 :> R by rewrite pnatr_eq0.
apply/matrixP => k l; rewrite [in RHS]mxE mxE.
rewrite (eq_bigr (fun s => (fun ab : neurons => N%:R ^- 2 * (T ab.1 (p k) * (1 + T ab.1 (p l)) * (T ab.2 (q k) * (1 + T ab.2 (q l)))))
  (enum_val s))) => [|s _]; last first.
  rewrite [sign_U k s]mxE [relu _ s l]mxE /sign_W /sign_B mul_row_col mxE !pick_entry relu_signs ?S2 //.
  by move: (T _ _) (T _ _) (T _ _) (T _ _) (N%:R) n0 => a b e f m m0; field; rewrite m0.
rewrite -(big_enum_val (fun ab : neurons => N%:R ^- 2 * (T ab.1 (p k) * (1 + T ab.1 (p l)) * (T ab.2 (q k) * (1 + T ab.2 (q l)))))) /=.
rewrite -mulr_sumr -(pair_bigA _ (fun a b => T a (p k) * (1 + T a (p l)) * (T b (q k) * (1 + T b (q l))))) /=.
rewrite (eq_bigr (fun a => T a (p k) * (1 + T a (p l)) * (N%:R *+ (q k == q l)))) => [|a _]; last first.
  by rewrite -mulr_sumr shift.
rewrite -mulr_suml shift.
have -> : (k == l) = (p k == p l) && (q k == q l) by rewrite -(inj_eq inj) xpair_eqE.
case: (p k == p l); case: (q k == q l); rewrite /= ?mulr0n ?mulr1n ?mulr0 ?mul0r ?mulr0 //.
by rewrite -expr2 mulVf ?expf_neq0.
Qed.

Lemma sq_sign_B : sq sign_B = K%:R * 2.
Proof.
have one (f : 'I_K -> 'I_r) : sq (\matrix_(i, k) (i == f k)%:R : 'M[R]_(r, K)) = K%:R.
  rewrite /sqnorm exchange_big /= (eq_bigr (fun=> 1)) => [|k _]; first by rewrite sumr_const card_ord.
  by rewrite (bigD1 (f k)) //= mxE eqxx expr1n big1 ?addr0 // => i /negbTE h; rewrite mxE h expr0n.
by rewrite sq_gram tr_col_mx mul_row_col mxtraceD -!sq_gram !one; ring.
Qed.
Lemma sq_sign_W : sq sign_W = N%:R ^+ 2 * (r + r)%:R.
Proof.
rewrite /sqnorm (eq_bigr (fun=> (r + r)%:R)) => [|s _].
  by rewrite sumr_const card_ord card_prod card_ord -mulr_natl natrM expr2.
rewrite (eq_bigr (fun=> 1)) => [|i _]; first by rewrite sumr_const card_ord.
by rewrite /sign_W -(splitK i); case: (split i) => j /=; rewrite ?row_mxEl ?row_mxEr mxE S2.
Qed.
Lemma sq_sign_U : sq sign_U = K%:R * 4 / N%:R ^+ 2.
Proof.
have n0 : N%:R != 0 :> R by rewrite pnatr_eq0.
rewrite /sqnorm (eq_bigr (fun=> 4 / N%:R ^+ 2)) => [|k _].
  by rewrite sumr_const card_ord -mulr_natl mulrA.
rewrite (eq_bigr (fun=> 4 / N%:R ^+ 4)) => [|s _].
  by rewrite sumr_const card_ord card_prod card_ord -[_ *+ _]mulr_natr natrM; move: (N%:R) n0 => m m0; field; rewrite m0.
by rewrite mxE !exprMn !S2 !mulr1; move: (N%:R) n0 => m m0; field; rewrite m0.
Qed.

Lemma sign_unit L d : (r + r <= d)%N -> (N * N <= d)%N ->
  exists (X : 'M[R]_(d, K)) (W : nat -> 'M_d) V, unit_structure (L := L.+2) (d := fun=> d) X W V /\
    cost (L := L.+2) (d := fun=> d) X W V = 8 * K%:R ^+ 2 * (r + r)%:R ^+ L.+1.
Proof.
move=> rd Nd; have sd : (#|neurons| <= d)%N by rewrite card_prod card_ord.
have B0 : relu sign_B = sign_B.
  by apply: relu_ge0 => i k; rewrite /sign_B -(splitK i); case: (split i) => j /=; rewrite ?col_mxEu ?col_mxEd mxE ler0n.
exists (neck_X d sign_B), (neck_W d L sign_W), (neck_V d sign_U).
split; first by apply: neck_unit => //; exact: sign_head.
rewrite neck_cost // sq_sign_B sq_sign_W sq_sign_U.
have n0 : N%:R != 0 :> R by rewrite pnatr_eq0.
by move: N%:R n0 (r + r)%:R => m m0 e; rewrite [e ^+ L.+1]exprS; field; rewrite m0.
Qed.
End Signs.
